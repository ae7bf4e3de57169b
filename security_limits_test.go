package main

import (
	"net/http/httptest"
	"strings"
	"testing"

	"roster/internal/config"
)

// fullIntrospection is what GraphiQL and code generators send.
const fullIntrospection = `query IntrospectionQuery { __schema { queryType { name } mutationType { name } subscriptionType { name } types { ...FullType }
	directives { name description locations args { ...InputValue } } } }
fragment FullType on __Type { kind name description fields(includeDeprecated: true) { name description args { ...InputValue } type { ...TypeRef } isDeprecated deprecationReason }
	inputFields { ...InputValue } interfaces { ...TypeRef } enumValues(includeDeprecated: true) { name description isDeprecated deprecationReason } possibleTypes { ...TypeRef } }
fragment InputValue on __InputValue { name description type { ...TypeRef } defaultValue }
fragment TypeRef on __Type { kind name ofType { kind name ofType { kind name ofType { kind name ofType { kind name ofType { kind name ofType { kind name ofType { kind name } } } } } } } }`

// Tools read the schema where that is allowed, and nobody learns it elsewhere.
func TestSecurity_Introspection(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	open := s.anonymous().do(fullIntrospection, nil)
	if open.Errors != nil || !strings.Contains(open.Raw, "ContactCreateInput") {
		t.Errorf("%.300s", open.Raw)
	}
	handler, err := s.parts.handler(config.Web{})
	s.Must(err)
	server := httptest.NewServer(handler)
	defer server.Close()
	closed := s.anonymous()
	closed.url = server.URL
	for _, query := range []string{fullIntrospection, "{ __schema { types { name } } }", `{ __type(name: "Contact") { fields { name } } }`, `{ ...a } fragment a on Query { ... { __schema { types { name } } } }`,
		`{ viewer { persn } }`,
		`mutation { contactCreat { x } }`, `{ accounts(fist: 1) { totalCount } }`, `query($a: Contac) { viewer { person { id } } }`} {
		got := closed.do(query, nil)
		decent(t, got.Status, got.Raw, "Did you mean", "displayName", "ContactCreateInput", "contactCreate\"", "person")
		if len(got.Errors) == 0 {
			t.Errorf("%.60s: %.300s", query, got.Raw)
		}
	}
	if got := closed.do("{ __typename }", nil); got.text("__typename") != "Query" {
		t.Error(got.Raw)
	}
}

// One address that asks without end is told to wait, and whoever is signed in
// there is not.
func TestSecurity_AnonymousFlood(t *testing.T) {
	t.Parallel()
	w := newTrial(t)
	caller, refused := w.anonymous(), 0
	for range 300 {
		got := caller.sendJSON(`{"query": "{ __typename }"}`)
		decent(t, got.Status, got.Body)
		if got.Status == 429 {
			refused++
			if got.code() != "RATE_LIMITED" || got.Header.Get("Retry-After") == "" || !strings.Contains(got.Body, "retryAfter") {
				t.Fatalf("%v %s", got.Header, got.Body)
			}
		}
	}
	if refused < 50 {
		t.Errorf("%d of 300 were refused", refused)
	}
	for range 20 {
		w.as("Authorization: Bearer rst_pat_" + strings.Repeat("0", 36))
	}
	if got, _ := w.as("Authorization: Bearer rst_pat_" + strings.Repeat("0", 36)); got.Status != 429 {
		t.Errorf("guessing tokens is free: %d", got.Status)
	}
	for range 300 {
		if got := w.primary.sendJSON(`{"query": "{ __typename }"}`); got.Status != 200 {
			t.Fatalf("%d %s", got.Status, got.Body)
		}
	}
}

// T1: an account is shown an address as it wrote it. The spelling somebody else
// chose would tell that the person is known already.
func TestT1_AnAddressIsShownAsThisAccountWroteIt(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.SignUp("Elsewhere", "Quiet@Elsewhere.example")
	account, _ := s.SignUp("Here", "p@here.example")
	got := s.signedIn("p@here.example").do(`mutation($a: ID!) { contactCreate(input: {accountId: $a, displayName: "Somebody", email: "QUIET@elsewhere.Example"}) {
		contact { email } userErrors { code } } }`, map[string]any{"a": account.String()})
	if shown := got.text("contactCreate", "contact", "email"); shown != "QUIET@elsewhere.Example" {
		t.Errorf("shown as %q: %s", shown, got.Raw)
	}
}
