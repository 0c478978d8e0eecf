SELECT other.region, other.amount_rounded
FROM brightfen_totals AS one
JOIN tannhof_totals AS other USING (incident_key)
