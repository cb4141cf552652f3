-- Folders that are watched: what their files look like, and what became of them.

-- changes with the sidecars beside a file; 0: there is none
ALTER TABLE files ADD COLUMN sidecars INTEGER NOT NULL DEFAULT 0;

-- files that are no photos although their names say so; `reader` is the version that
-- found that: a later one tries again
CREATE TABLE unread_files (
    id INTEGER PRIMARY KEY,
    source_id TEXT NOT NULL REFERENCES sources (id) ON DELETE CASCADE,
    path BLOB NOT NULL,
    size INTEGER NOT NULL,
    mtime_ns INTEGER NOT NULL,
    sidecars INTEGER NOT NULL,
    code TEXT NOT NULL,
    message TEXT NOT NULL,
    reader TEXT NOT NULL,
    seen_at INTEGER NOT NULL,
    UNIQUE (source_id, path)
);

-- the code of the error that kept a photo from being described
ALTER TABLE photos ADD COLUMN problem TEXT;
-- 1: its captions changed since they were last written into metadata
ALTER TABLE photos ADD COLUMN unwritten INTEGER NOT NULL DEFAULT 0;
CREATE INDEX photos_unwritten ON photos (source_id) WHERE unwritten = 1;
CREATE INDEX photos_undescribed ON photos (source_id)
WHERE has_caption = 0 AND verdict IS NULL AND problem IS NULL;
