-- How much was paid, per region, for the claims filed with both? Needs the cleartext columns and the fingerprints only.
SELECT
  one.region,
  count(*) AS pairs,
  count(*) FILTER (WHERE one_holder.person_key = other_holder.person_key) AS same_person,
  sum(CAST(one.amount_rounded AS BIGINT))::BIGINT AS brightfen_eur,
  sum(CAST(other.amount_rounded AS BIGINT))::BIGINT AS tannhof_eur
FROM brightfen_claims AS one
JOIN tannhof_claims AS other USING (incident_key)
JOIN brightfen_customers AS one_holder ON one_holder.customer_key = one.customer_key
JOIN tannhof_customers AS other_holder ON other_holder.customer_key = other.customer_key
GROUP BY one.region
ORDER BY one.region
