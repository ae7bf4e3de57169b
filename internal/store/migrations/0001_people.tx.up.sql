-- People, and their places at partners and at the vendor.
-- Every statement may run twice: a migration is marked only after it ran.

CREATE TABLE IF NOT EXISTS persons (
    id              uuid PRIMARY KEY,
    display_name    text NOT NULL,
    email           text NOT NULL,
    email_canonical text COLLATE "C" NOT NULL,
    password_hash   text,
    -- Failed sign-ins are counted here before the password is compared, so that
    -- parallel guesses cannot outrun the count.
    failed_sign_ins int NOT NULL DEFAULT 0,
    failing_since   timestamptz,
    locked_until    timestamptz,
    created_at      timestamptz NOT NULL,
    CONSTRAINT persons_email_canonical_key UNIQUE (email_canonical),
    CONSTRAINT persons_email_plain CHECK (
        length(email_canonical) <= 254 AND email_canonical !~ '[[:cntrl:][:space:]]')
);

CREATE TABLE IF NOT EXISTS partners (
    id              uuid PRIMARY KEY,
    name            text NOT NULL,
    escalation_text text NOT NULL DEFAULT '',
    escalation_url  text NOT NULL DEFAULT '',
    created_at      timestamptz NOT NULL
);

CREATE TABLE IF NOT EXISTS partner_users (
    id              uuid PRIMARY KEY,
    partner_id      uuid NOT NULL REFERENCES partners,
    person_id       uuid NOT NULL REFERENCES persons,
    admin           boolean NOT NULL DEFAULT false,
    generation      int NOT NULL DEFAULT 0,
    link_expires_at timestamptz,
    link_sent_at    timestamptz,
    verified_at     timestamptz,
    created_at      timestamptz NOT NULL,
    -- A person has one place at one partner, so that "the partner's accounts"
    -- is one set.
    CONSTRAINT partner_users_person_key UNIQUE (person_id)
);
CREATE INDEX IF NOT EXISTS partner_users_partner ON partner_users (partner_id);

CREATE TABLE IF NOT EXISTS staff_users (
    id              uuid PRIMARY KEY,
    person_id       uuid NOT NULL REFERENCES persons,
    admin           boolean NOT NULL DEFAULT false,
    generation      int NOT NULL DEFAULT 0,
    link_expires_at timestamptz,
    link_sent_at    timestamptz,
    verified_at     timestamptz,
    created_at      timestamptz NOT NULL,
    CONSTRAINT staff_users_person_key UNIQUE (person_id)
);

CREATE TABLE IF NOT EXISTS sessions (
    id           uuid PRIMARY KEY,
    person_id    uuid NOT NULL REFERENCES persons ON DELETE CASCADE,
    secret_hash  bytea NOT NULL,
    created_at   timestamptz NOT NULL,
    last_seen_at timestamptz NOT NULL,
    expires_at   timestamptz NOT NULL,
    CONSTRAINT sessions_secret_hash_key UNIQUE (secret_hash)
);
CREATE INDEX IF NOT EXISTS sessions_person ON sessions (person_id);

CREATE TABLE IF NOT EXISTS api_tokens (
    id              uuid PRIMARY KEY,
    partner_user_id uuid NOT NULL REFERENCES partner_users ON DELETE CASCADE,
    name            text NOT NULL,
    token_hash      bytea NOT NULL,
    scopes          text[] NOT NULL,
    created_at      timestamptz NOT NULL,
    expires_at      timestamptz NOT NULL,
    last_used_at    timestamptz,
    revoked_at      timestamptz,
    CONSTRAINT api_tokens_token_hash_key UNIQUE (token_hash),
    CONSTRAINT api_tokens_scopes_known CHECK (cardinality(scopes) > 0 AND scopes <@ ARRAY['READ', 'WRITE'])
);
CREATE INDEX IF NOT EXISTS api_tokens_owner ON api_tokens (partner_user_id);
