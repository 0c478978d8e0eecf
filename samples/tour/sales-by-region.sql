SELECT r.region, COUNT(DISTINCT p.person) AS buyers, SUM(p.amount) AS sales
FROM readers r JOIN purchases p ON r.person = p.person
GROUP BY r.region
