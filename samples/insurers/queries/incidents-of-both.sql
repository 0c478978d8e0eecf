-- How many incidents do both have?
SELECT COUNT(DISTINCT one.incident_key) AS incidents
FROM brightfen_totals AS one
JOIN tannhof_totals AS other USING (incident_key)
