-- How many of our customers did each campaign reach, and what did it cost?
SELECT i.campaign, COUNT(DISTINCT i.person) AS buyers, SUM(i.cost) AS cost
FROM impressions i
WHERE i.person IN (SELECT person FROM purchases)
GROUP BY i.campaign
