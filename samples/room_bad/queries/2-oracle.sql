-- A filter on a measure tells its values bit by bit.
SELECT i.region, COUNT(DISTINCT i.person) AS people
FROM impressions i
JOIN purchases p ON i.person = p.person
WHERE i.cost > 0.50
GROUP BY i.region
