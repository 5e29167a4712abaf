-- +goose Up
CREATE TABLE users (
    id            TEXT PRIMARY KEY,
    name          TEXT NOT NULL UNIQUE COLLATE NOCASE,
    password_hash TEXT NOT NULL,
    is_admin      INTEGER NOT NULL DEFAULT 0,
    created       INTEGER NOT NULL -- Unix seconds, here and below
);

-- Browsers that are logged in. The cookie itself is not kept, only its hash.
CREATE TABLE authenticated_sessions (
    id        TEXT PRIMARY KEY,
    hash      BLOB NOT NULL UNIQUE,
    user_id   TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    client    TEXT NOT NULL,
    created   INTEGER NOT NULL,
    last_used INTEGER NOT NULL,
    expires   INTEGER NOT NULL
);

CREATE TABLE rac_providers (
    id                         TEXT PRIMARY KEY,
    name                       TEXT NOT NULL,
    settings                   TEXT NOT NULL DEFAULT '{}',
    connection_expiry          INTEGER NOT NULL, -- seconds, 0: as long as the login
    delete_token_on_disconnect INTEGER NOT NULL DEFAULT 0
);

CREATE TABLE applications (
    slug        TEXT PRIMARY KEY,
    name        TEXT NOT NULL,
    provider_id TEXT NOT NULL REFERENCES rac_providers (id)
);

CREATE TABLE endpoints (
    id                  TEXT PRIMARY KEY,
    provider_id         TEXT NOT NULL REFERENCES rac_providers (id),
    name                TEXT NOT NULL UNIQUE COLLATE NOCASE,
    protocol            TEXT NOT NULL,
    host                TEXT NOT NULL,
    settings            TEXT NOT NULL DEFAULT '{}',
    maximum_connections INTEGER NOT NULL DEFAULT -1, -- -1: any number
    ephemeral           INTEGER NOT NULL DEFAULT 0,  -- only while the program that made it runs
    created             INTEGER NOT NULL
);

-- The right to open one connection, and then the connection itself.
CREATE TABLE connection_tokens (
    id          TEXT PRIMARY KEY,
    hash        BLOB NOT NULL UNIQUE,
    user_id     TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    session_id  TEXT NOT NULL REFERENCES authenticated_sessions (id) ON DELETE CASCADE,
    endpoint_id TEXT NOT NULL REFERENCES endpoints (id) ON DELETE CASCADE,
    resumes     TEXT NOT NULL DEFAULT '', -- the connection to be taken up, for a resume token
    created     INTEGER NOT NULL,
    expires     INTEGER NOT NULL,         -- unused: until when it may be used; used: the end of the connection, 0: with the login
    used        INTEGER NOT NULL DEFAULT 0
);

CREATE TABLE host_keys (
    endpoint    TEXT NOT NULL,
    address     TEXT NOT NULL,
    kind        TEXT NOT NULL,
    key         BLOB NOT NULL,
    fingerprint TEXT NOT NULL,
    first_seen  INTEGER NOT NULL,
    PRIMARY KEY (endpoint, address, kind, key)
);

CREATE TABLE events (
    id       INTEGER PRIMARY KEY,
    time     INTEGER NOT NULL,
    action   TEXT NOT NULL,
    user     TEXT NOT NULL DEFAULT '',
    client   TEXT NOT NULL DEFAULT '',
    endpoint TEXT NOT NULL DEFAULT '',
    context  TEXT NOT NULL DEFAULT '{}'
);

-- +goose Down
DROP TABLE events;
DROP TABLE host_keys;
DROP TABLE connection_tokens;
DROP TABLE endpoints;
DROP TABLE applications;
DROP TABLE rac_providers;
DROP TABLE authenticated_sessions;
DROP TABLE users;
