-- How much was claimed at Tannhof, per region, in the incidents that both have? Regions with under five of them stay out.
SELECT
  other.region,
  COUNT(DISTINCT other.incident_key) AS incidents,
  SUM(other.amount_rounded) AS tannhof_eur
FROM tannhof_totals AS other
WHERE other.incident_key IN (SELECT incident_key FROM brightfen_totals)
GROUP BY other.region
ORDER BY other.region
