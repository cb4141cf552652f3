-- whoever has a link may be shown the photos without their captions

ALTER TABLE shares ADD COLUMN captions INTEGER NOT NULL DEFAULT 1;
