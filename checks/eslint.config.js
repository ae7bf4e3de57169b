// The lint of schema.graphql: graphql-eslint's recommended rules for schemas,
// Relay's rules, and our own conventions where they are stricter.
import graphql from '@graphql-eslint/eslint-plugin'

export default [
  {
    files: ['**/*.graphql'],
    languageOptions: {
      parser: graphql.parser,
      parserOptions: { graphQLConfig: { schema: 'schema.graphql' } },
    },
    plugins: { '@graphql-eslint': graphql },
    rules: {
      ...graphql.configs['flat/schema-recommended'].rules,
      ...graphql.configs['flat/schema-relay'].rules,
      '@graphql-eslint/require-description': [
        'error',
        { types: true, FieldDefinition: true, InputValueDefinition: true, EnumValueDefinition: true, DirectiveDefinition: true },
      ],
      '@graphql-eslint/description-style': ['error', { style: 'inline' }],
      // Values have no id of their own: they are read with what they belong to.
      '@graphql-eslint/strict-id-in-types': [
        'error',
        {
          acceptedIdNames: ['id'],
          acceptedIdTypes: ['ID'],
          exceptions: {
            suffixes: ['Payload', 'Connection', 'Edge', 'Info', 'Access', 'Reason', 'Error', 'Actor', 'Change', 'Assignment', 'Permission', 'Usage', 'Verification'],
            types: ['Viewer', 'Application'],
          },
        },
      ],
      // Small bounded sets are plain lists, as the conventions say.
      '@graphql-eslint/relay-edge-types': [
        'error',
        { withEdgeSuffix: true, shouldImplementNode: true, listTypeCanWrapOnlyEdgeType: false },
      ],
      // Mutations are nullable at the root; queries that always have an answer are not.
      '@graphql-eslint/require-nullable-result-in-root': 'off',
      '@graphql-eslint/no-typename-prefix': 'error',
      '@graphql-eslint/no-scalar-result-type-on-mutation': 'error',
      '@graphql-eslint/no-root-type': ['error', { disallow: ['subscription'] }],
      '@graphql-eslint/input-name': ['error', { checkInputType: true, caseSensitiveInputType: false, checkMutations: true }],
    },
  },
]
