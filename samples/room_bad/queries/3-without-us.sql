-- The newspaper answers only about readers that the shoe maker knows.
SELECT region, MAX(cost) AS most, COUNT(DISTINCT person) AS people
FROM impressions
GROUP BY region
