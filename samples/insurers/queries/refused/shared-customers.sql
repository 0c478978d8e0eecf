SELECT one.full_name, other.phone
FROM brightfen_customers AS one
JOIN tannhof_customers AS other USING (person_key)
