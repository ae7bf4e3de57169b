-- Links to set a new password, and where a session was opened.

-- One row, and so one newest link, for each person: it has the person's own id
-- and the columns of every place that a link is made for.
CREATE TABLE IF NOT EXISTS password_resets (
    id              uuid PRIMARY KEY REFERENCES persons ON DELETE CASCADE,
    person_id       uuid NOT NULL GENERATED ALWAYS AS (id) STORED,
    generation      int NOT NULL DEFAULT 0,
    link_expires_at timestamptz,
    link_sent_at    timestamptz,
    -- When the newest link was used, or the password changed without it; NULL
    -- while somebody waits for a link.
    verified_at     timestamptz
);

ALTER TABLE sessions ADD COLUMN IF NOT EXISTS ip text NOT NULL DEFAULT '';
