-- One row a prediction: what went in, what came out, and when. JSON where a table decides what there is.
CREATE TABLE stored (
    -- An id is its beginning and its hash in hexadecimal: p.1070. and 16 bytes.
    beginning TEXT NOT NULL,
    hash BLOB NOT NULL,
    -- Milliseconds since 1970, as all times here.
    created_at INTEGER NOT NULL,
    -- Numbers of versions and snapshots: thousands of rows share one.
    version INTEGER NOT NULL,
    snapshot INTEGER,
    -- A list of the values of the version's fields, or an object where these are not known, as of an earlier program.
    record TEXT NOT NULL,
    features TEXT,
    label TEXT NOT NULL,
    probability REAL,
    probabilities TEXT,
    sampled INTEGER NOT NULL,
    outcome TEXT,
    outcome_recorded_at INTEGER,
    shadow_version INTEGER,
    shadow_answer TEXT,
    UNIQUE (beginning, hash)
) STRICT;

-- Monitoring reads by time what belongs to the sample.
CREATE INDEX stored_by_time ON stored (created_at) WHERE sampled = 1;

-- The versions that answered, with the names of their features and fields, JSON lists, where they wrote here themselves.
CREATE TABLE versions (number INTEGER PRIMARY KEY, name TEXT UNIQUE NOT NULL, features TEXT, fields TEXT) STRICT;

CREATE TABLE snapshots (number INTEGER PRIMARY KEY, name TEXT UNIQUE NOT NULL) STRICT;

-- Whose predictions these are: one row of JSON.
CREATE TABLE owner (owner TEXT NOT NULL) STRICT;

CREATE TABLE IF NOT EXISTS reports (window_to TEXT PRIMARY KEY NOT NULL, report TEXT NOT NULL) STRICT;
