-- One row a prediction: what went in, what came out, and when. JSON where a table decides what there is.
CREATE TABLE stored (
    number INTEGER PRIMARY KEY,
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
    shadow_version INTEGER,
    shadow_answer TEXT,
    UNIQUE (beginning, hash)
) STRICT;

-- Monitoring reads by time what belongs to the sample; by age both are deleted, what belongs to it and what does not.
CREATE INDEX stored_by_time ON stored (sampled, created_at);

-- What really happened: place 0 is what was told first of a prediction, by its number, and each correction follows. Rows are only added, and deleted with
-- their prediction.
CREATE TABLE outcomes (
    prediction INTEGER NOT NULL,
    place INTEGER NOT NULL,
    label TEXT NOT NULL,
    known_at INTEGER NOT NULL,
    PRIMARY KEY (prediction, place)
) STRICT, WITHOUT ROWID;

-- Whoever asks what became known in some days reads all of it, whatever the sample holds.
CREATE INDEX outcomes_by_time ON outcomes (known_at, prediction, place);

-- How many predictions of the sample were deleted, by the day on which they were made: all that is left of them.
CREATE TABLE deleted (day TEXT PRIMARY KEY NOT NULL, predictions INTEGER NOT NULL) STRICT, WITHOUT ROWID;

-- The versions that answered, with the names of their features and fields, JSON lists, where they wrote here themselves.
CREATE TABLE versions (number INTEGER PRIMARY KEY, name TEXT UNIQUE NOT NULL, features TEXT, fields TEXT) STRICT;

-- The snapshots of history, by the SHA-256 of their texts. A text stands here where the snapshot was published here: that of a package is in it.
CREATE TABLE snapshots (number INTEGER PRIMARY KEY, name TEXT UNIQUE NOT NULL, text BLOB) STRICT;

-- Which snapshot is as of which moment, by the hash of the recipe: the latest moment's is the newest. Rows are only added.
CREATE TABLE published (
    recipe TEXT NOT NULL,
    as_of INTEGER NOT NULL,
    made_at INTEGER NOT NULL,
    snapshot INTEGER NOT NULL,
    PRIMARY KEY (recipe, as_of)
) STRICT, WITHOUT ROWID;

-- What became known between two snapshots, by the hash of the recipe and the later one's date. Rows are only added.
CREATE TABLE sheets (recipe TEXT NOT NULL, date TEXT NOT NULL, text BLOB NOT NULL, PRIMARY KEY (recipe, date)) STRICT;

-- Whose predictions these are: one row of JSON.
CREATE TABLE owner (owner TEXT NOT NULL) STRICT;

CREATE TABLE IF NOT EXISTS reports (window_to TEXT PRIMARY KEY NOT NULL, report TEXT NOT NULL) STRICT;
