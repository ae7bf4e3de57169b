-- Issue reports, the mails that are to be sent, and the record of who did what.

-- The truth about every mail. It holds ids, an address and states; never a
-- secret, a link or a text.
CREATE TABLE IF NOT EXISTS email_messages (
    id              uuid PRIMARY KEY,
    kind            text NOT NULL,
    lane            text NOT NULL CONSTRAINT email_messages_lane_known CHECK (lane IN ('issues', 'signin', 'notices')),
    payload         jsonb NOT NULL,
    recipient       text COLLATE "C" NOT NULL,
    account_id      uuid,
    subject_id      uuid NOT NULL, -- the contact, person or delivery that the mail is about
    status          text NOT NULL CONSTRAINT email_messages_status_known CHECK (
        status IN ('QUEUED', 'SENDING', 'SENT', 'DEFERRED', 'BOUNCED', 'FAILED', 'CANCELLED')),
    created_at      timestamptz NOT NULL,
    due_at          timestamptz NOT NULL,
    -- When the sweeper may kick the row again.
    kick_at         timestamptz NOT NULL,
    -- The claim: every one has a number of its own and an end.
    claim           int NOT NULL DEFAULT 0,
    claimed_until   timestamptz,
    -- Claims that ran out, because their worker died.
    lapses          int NOT NULL DEFAULT 0,
    -- Answers of a mail server; a server that cannot be reached counts nothing.
    attempts        int NOT NULL DEFAULT 0,
    first_tried_at  timestamptz,
    sent_at         timestamptz,
    reply           text NOT NULL DEFAULT '',
    -- The link's generation and end, fixed when the mail is first claimed.
    link_generation int,
    link_expires_at timestamptz,
    CONSTRAINT email_messages_claimed CHECK ((status = 'SENDING') = (claimed_until IS NOT NULL))
);
CREATE INDEX IF NOT EXISTS email_messages_waiting ON email_messages (kick_at)
    WHERE status IN ('QUEUED', 'SENDING', 'DEFERRED');
CREATE INDEX IF NOT EXISTS email_messages_subject ON email_messages (subject_id, created_at);
CREATE INDEX IF NOT EXISTS email_messages_recipient ON email_messages (recipient, created_at);
CREATE INDEX IF NOT EXISTS email_messages_account ON email_messages (account_id, created_at);

CREATE TABLE IF NOT EXISTS issue_reports (
    id                  uuid PRIMARY KEY,
    number              bigint GENERATED ALWAYS AS IDENTITY,
    account_id          uuid NOT NULL REFERENCES accounts ON DELETE CASCADE,
    application_key     text NOT NULL REFERENCES applications,
    subject             text NOT NULL,
    body                text NOT NULL,
    reporter_person_id  uuid NOT NULL REFERENCES persons,
    -- The report outlives the contact.
    reporter_contact_id uuid REFERENCES contacts ON DELETE SET NULL,
    reporter_name       text NOT NULL,
    created_at          timestamptz NOT NULL,
    CONSTRAINT issue_reports_number_key UNIQUE (number)
);
CREATE INDEX IF NOT EXISTS issue_reports_account ON issue_reports (account_id, created_at, id);
CREATE INDEX IF NOT EXISTS issue_reports_reporter ON issue_reports (reporter_contact_id);

CREATE TABLE IF NOT EXISTS issue_deliveries (
    id               uuid PRIMARY KEY,
    issue_report_id  uuid NOT NULL REFERENCES issue_reports ON DELETE CASCADE,
    account_id       uuid NOT NULL,
    email_message_id uuid NOT NULL REFERENCES email_messages,
    recipient        text COLLATE "C" NOT NULL,
    recipient_label  text NOT NULL,
    CONSTRAINT issue_deliveries_recipient_key UNIQUE (issue_report_id, recipient)
);

CREATE TABLE IF NOT EXISTS audit_events (
    id              uuid PRIMARY KEY,
    account_id      uuid,
    at              timestamptz NOT NULL,
    actor_kind      text NOT NULL,
    actor_id        text NOT NULL,
    actor_person_id uuid,
    verb            text NOT NULL,
    target_id       text NOT NULL,
    changes         jsonb NOT NULL,
    request_id      text NOT NULL,
    ip              text NOT NULL
);
CREATE INDEX IF NOT EXISTS audit_events_account ON audit_events (account_id, at, id);

-- What is written down stays as it is, whoever holds the connection.
CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION USING ERRCODE = 'insufficient_privilege', MESSAGE = 'the audit is never changed';
END $$;
DROP TRIGGER IF EXISTS audit_events_append_only ON audit_events;
CREATE TRIGGER audit_events_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_events
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
