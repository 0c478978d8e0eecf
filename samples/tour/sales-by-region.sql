SELECT r.region, COUNT(DISTINCT p.email_fingerprint) AS buyers, SUM(p.amount) AS sales
FROM readers r JOIN purchases p ON r.email_fingerprint = p.email_fingerprint
GROUP BY r.region
