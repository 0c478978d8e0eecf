-- Whom did the campaigns reach among our customers? Regions with under ten persons are left out.
SELECT i.region, COUNT(DISTINCT i.person) AS people, SUM(i.cost) AS cost
FROM impressions i
JOIN purchases p ON i.person = p.person
GROUP BY i.region
