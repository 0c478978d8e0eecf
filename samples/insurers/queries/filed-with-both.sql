-- Which claims were filed with both insurers? Joined on fingerprints; sealed cells are carried along unread.
SELECT
  one.incident_no,
  one.incident_date,
  one.region,
  one_holder.person_key = other_holder.person_key AS same_person,
  one.claim_id AS brightfen_claim,
  other.claim_id AS tannhof_claim,
  one_holder.full_name AS brightfen_holder,
  other_holder.full_name AS tannhof_holder,
  one.amount AS brightfen_amount,
  other.amount AS tannhof_amount,
  one.note AS brightfen_note,
  other.note AS tannhof_note
FROM brightfen_claims AS one
JOIN tannhof_claims AS other USING (incident_key)
JOIN brightfen_customers AS one_holder ON one_holder.customer_key = one.customer_key
JOIN tannhof_customers AS other_holder ON other_holder.customer_key = other.customer_key
