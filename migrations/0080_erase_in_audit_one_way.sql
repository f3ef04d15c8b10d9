-- The way of 0071 to erase in the audit: 0076 has another, which looks at what changes. Nothing calls this one any more,
-- and by it the serving role could take any word out of a line.
drop function erase_in_audit(text, uuid, text, text, text[], bigint, bigint, uuid[], text[], text[]);
