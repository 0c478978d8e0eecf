-- Whom did the campaigns reach among our customers? Regions with under ten persons are left out.
SELECT i.region, COUNT(DISTINCT i.person) AS people, SUM(i.cost) AS cost
FROM impressions i
WHERE i.person IN (SELECT person FROM purchases)
GROUP BY i.region
