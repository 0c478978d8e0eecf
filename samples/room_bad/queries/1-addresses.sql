-- Who saw the campaign? Fingerprints stand for persons and are never shown.
SELECT i.person, i.region
FROM impressions i
JOIN purchases p ON i.person = p.person
