-- Only the template is approved, not a query of one's own.
SELECT r.letter
FROM readers r
