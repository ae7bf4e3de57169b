-- Accounts, their contacts, roles and support contacts. What the write road
-- guards under its lock, the constraints here say once more; each constraint
-- has a name, and store/errors.go maps it to what the caller is told.

CREATE TABLE IF NOT EXISTS accounts (
    id                 uuid PRIMARY KEY,
    name               text NOT NULL,
    origin             text NOT NULL CONSTRAINT accounts_origin_known CHECK (origin IN ('SIGNUP', 'PARTNER', 'STAFF')),
    status             text NOT NULL CONSTRAINT accounts_status_known CHECK (status IN ('PENDING', 'ACTIVE')),
    partner_id         uuid REFERENCES partners,
    primary_contact_id uuid NOT NULL,
    contact_limit      int CONSTRAINT accounts_contact_limit_positive CHECK (contact_limit > 0),
    version            int NOT NULL DEFAULT 1,
    created_at         timestamptz NOT NULL
);
CREATE INDEX IF NOT EXISTS accounts_created ON accounts (created_at, id);
CREATE INDEX IF NOT EXISTS accounts_partner ON accounts (partner_id, created_at, id);

CREATE TABLE IF NOT EXISTS contacts (
    id              uuid PRIMARY KEY,
    account_id      uuid NOT NULL REFERENCES accounts ON DELETE CASCADE,
    person_id       uuid NOT NULL REFERENCES persons,
    slot            int NOT NULL CONSTRAINT contacts_slot_positive CHECK (slot > 0),
    display_name    text NOT NULL,
    -- The address as this account wrote it. The person's own spelling would tell
    -- that somebody else knows the person already.
    email           text NOT NULL,
    generation      int NOT NULL DEFAULT 0,
    link_expires_at timestamptz,
    link_sent_at    timestamptz,
    verified_at     timestamptz,
    created_at      timestamptz NOT NULL,
    CONSTRAINT contacts_account_person_key UNIQUE (account_id, person_id),
    CONSTRAINT contacts_account_slot_key UNIQUE (account_id, slot),
    CONSTRAINT contacts_account_id_key UNIQUE (account_id, id)
);
CREATE INDEX IF NOT EXISTS contacts_person ON contacts (person_id);

-- Exactly one primary contact, of this very account, at every commit.
DO $$ BEGIN
    IF NOT EXISTS (SELECT FROM pg_constraint WHERE conname = 'accounts_primary_contact') THEN
        ALTER TABLE accounts ADD CONSTRAINT accounts_primary_contact
            FOREIGN KEY (id, primary_contact_id) REFERENCES contacts (account_id, id)
            DEFERRABLE INITIALLY DEFERRED;
    END IF;
END $$;

-- BILLING and TECHNICAL; PRIMARY is the column above, since it is never vacant.
CREATE TABLE IF NOT EXISTS roles (
    account_id  uuid NOT NULL,
    role        text NOT NULL CONSTRAINT roles_role_known CHECK (role IN ('BILLING', 'TECHNICAL')),
    contact_id  uuid NOT NULL,
    assigned_at timestamptz NOT NULL,
    PRIMARY KEY (account_id, role),
    CONSTRAINT roles_contact FOREIGN KEY (account_id, contact_id) REFERENCES contacts (account_id, id)
);
CREATE INDEX IF NOT EXISTS roles_holder ON roles (account_id, contact_id);

CREATE TABLE IF NOT EXISTS support_contacts (
    id              uuid PRIMARY KEY,
    account_id      uuid NOT NULL REFERENCES accounts ON DELETE CASCADE,
    partner_user_id uuid REFERENCES partner_users,
    email           text,
    email_canonical text COLLATE "C",
    added_by_kind   text NOT NULL,
    added_by_id     text NOT NULL,
    added_by_person_id uuid REFERENCES persons,
    added_at        timestamptz NOT NULL,
    CONSTRAINT support_contacts_one_of CHECK (
        (partner_user_id IS NULL) <> (email IS NULL) AND (email IS NULL) = (email_canonical IS NULL)),
    CONSTRAINT support_contacts_email_key UNIQUE (account_id, email_canonical),
    CONSTRAINT support_contacts_partner_user_key UNIQUE (account_id, partner_user_id)
);

-- An account always has somebody whom issue reports reach. The account's row is
-- locked before the look, or two who remove the last two would both pass.
CREATE OR REPLACE FUNCTION require_support_contact() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    account uuid;
BEGIN
    IF TG_TABLE_NAME = 'accounts' THEN account := NEW.id; ELSE account := OLD.account_id; END IF;
    PERFORM FROM accounts WHERE id = account FOR NO KEY UPDATE;
    IF FOUND AND NOT EXISTS (SELECT FROM support_contacts WHERE account_id = account) THEN
        RAISE EXCEPTION USING ERRCODE = 'integrity_constraint_violation',
            CONSTRAINT = 'support_contact_required', MESSAGE = 'an account needs a support contact';
    END IF;
    RETURN NULL;
END $$;
DROP TRIGGER IF EXISTS support_contact_required ON support_contacts;
CREATE CONSTRAINT TRIGGER support_contact_required AFTER DELETE OR UPDATE OF account_id ON support_contacts
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION require_support_contact();
DROP TRIGGER IF EXISTS support_contact_required ON accounts;
CREATE CONSTRAINT TRIGGER support_contact_required AFTER INSERT ON accounts
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION require_support_contact();

-- Applications and what opens them are data (MI-8 to MI-12).
CREATE TABLE IF NOT EXISTS applications (
    key      text PRIMARY KEY,
    name     text NOT NULL,
    position int NOT NULL
);
CREATE TABLE IF NOT EXISTS application_rules (
    application_key text NOT NULL REFERENCES applications,
    role            text CONSTRAINT application_rules_role_known CHECK (role IN ('PRIMARY', 'BILLING', 'TECHNICAL')),
    permission      text,
    CONSTRAINT application_rules_one CHECK (role IS NULL OR permission IS NULL),
    CONSTRAINT application_rules_key UNIQUE NULLS NOT DISTINCT (application_key, role, permission)
);

INSERT INTO applications (key, name, position) VALUES
    ('PROFILE', 'Profile', 1),
    ('MANAGE_CONTACTS', 'Manage Contacts', 2),
    ('MANAGE_ROLES', 'Manage Roles', 3),
    ('PAYMENT_PORTAL', 'Payment Portal', 4),
    ('PAYMENT_GATEWAY', 'Payment Gateway', 5),
    ('BILL_DESK', 'Bill Desk', 6),
    ('HELP_DESK', 'Help Desk', 7),
    ('LICENSE_EXTENSION', 'License Extension', 8),
    ('RECORD_PAYMENT', 'Record Payment', 9),
    ('DOCUMENTATION', 'Documentation', 10)
ON CONFLICT DO NOTHING;
INSERT INTO application_rules (application_key, role, permission) VALUES
    ('PROFILE', NULL, NULL),
    ('DOCUMENTATION', NULL, NULL),
    ('MANAGE_CONTACTS', 'PRIMARY', NULL),
    ('MANAGE_CONTACTS', NULL, 'MANAGE_CONTACTS'),
    ('MANAGE_ROLES', 'PRIMARY', NULL),
    ('PAYMENT_PORTAL', 'PRIMARY', NULL),
    ('BILL_DESK', 'BILLING', NULL),
    ('PAYMENT_GATEWAY', 'BILLING', NULL),
    ('PAYMENT_GATEWAY', 'TECHNICAL', NULL),
    ('LICENSE_EXTENSION', 'BILLING', NULL),
    ('RECORD_PAYMENT', 'BILLING', NULL),
    ('HELP_DESK', 'TECHNICAL', NULL)
ON CONFLICT DO NOTHING;
