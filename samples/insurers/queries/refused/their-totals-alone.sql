SELECT region, SUM(amount_rounded) AS eur
FROM tannhof_totals
GROUP BY region
