-- What contacts are granted explicitly, and what an account's contacts may at
-- most. Names, not bits, so that whoever reads a row knows what it says.

CREATE OR REPLACE FUNCTION all_permissions() RETURNS text[] LANGUAGE sql IMMUTABLE AS $$
    SELECT ARRAY[
        'RECEIVE_BILLING_NOTIFICATIONS', 'ACCEPT_ORDER_CONTRACTS', 'EDIT_CREDIT_CARD', 'VIEW_PAY_INVOICES',
        'VIEW_BALANCE', 'VIEW_ACCEPT_ESTIMATES', 'PLACE_ORDERS', 'ADD_FUNDS',
        'OPEN_TICKETS', 'RECEIVE_SUPPORT_EMAILS', 'VIEW_TICKETS', 'CLOSE_TICKETS',
        'MODIFY_MAIN_PROFILE', 'MANAGE_SSH_KEYS', 'FULL_CONTROL_SERVICES', 'VIEW_EMAIL_HISTORY',
        'MANAGE_CONTACTS', 'FULL_CONTROL_DOMAINS', 'EDIT_ALLOWED_IPS', 'AFFILIATES']
$$;

-- A grant above the ceiling is no error here: it stays when the ceiling is
-- lowered, and roster.Effective leaves it out.
ALTER TABLE contacts ADD COLUMN IF NOT EXISTS granted text[] NOT NULL DEFAULT '{}';
ALTER TABLE contacts DROP CONSTRAINT IF EXISTS contacts_granted_known,
    ADD CONSTRAINT contacts_granted_known CHECK (granted <@ all_permissions());

ALTER TABLE accounts ADD COLUMN IF NOT EXISTS ceiling text[] NOT NULL DEFAULT all_permissions();
ALTER TABLE accounts DROP CONSTRAINT IF EXISTS accounts_ceiling_known,
    ADD CONSTRAINT accounts_ceiling_known CHECK (ceiling <@ all_permissions());
