-- Which process noted last that it seals with a key, in words: whoever must be restarted before
-- `workbot keys rotate` begins is told by name. Null: a release that did not say so yet.
alter table encryption_key add column sealed_by text;
