-- How much was claimed, per region, in the incidents that both have? Regions with under five of them stay out.
SELECT
  one.region,
  COUNT(DISTINCT one.incident_key) AS incidents,
  SUM(one.amount_rounded) AS brightfen_eur,
  SUM(other.amount_rounded) AS tannhof_eur
FROM brightfen_totals AS one
JOIN tannhof_totals AS other USING (incident_key)
GROUP BY one.region
ORDER BY one.region
