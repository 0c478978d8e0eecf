-- What did the persons buy that saw a campaign?
SELECT i.campaign, p.product, COUNT(DISTINCT p.person) AS buyers, SUM(p.amount) AS sales
FROM impressions i
JOIN purchases p ON i.person = p.person
GROUP BY i.campaign, p.product
