-- How much was claimed from Tannhof, per region, in the incidents that both have? Regions with under five of them stay out.
-- Brightfen's table only filters: in a join, a claim of Tannhof's would count once for each claim of Brightfen's, and be refused.
SELECT
  region,
  COUNT(DISTINCT incident_key) AS incidents,
  SUM(amount_rounded) AS tannhof_eur
FROM tannhof_totals
WHERE incident_key IN (SELECT incident_key FROM brightfen_totals)
GROUP BY region
ORDER BY region
