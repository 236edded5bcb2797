-- Posts passengers as fast as they are answered, each a new one: wrk -t1 -c64 -d10 -s benches/load.lua URL
-- With REPEAT=1 in the environment, the same 500 passengers come again and again.

local repeated = os.getenv("REPEAT") ~= nil
local start = repeated and 0 or (os.time() % 100000) * 10000000
local count = 0

function request()
  count = count + 1
  local id = start + (repeated and count % 500 or count)
  local body = string.format(
    '{"PassengerId": %d, "Pclass": %d, "Name": "Load, %s No %d", "Sex": "%s", "Age": %d, "SibSp": %d, "Parch": %d, '
      .. '"Ticket": "%d", "Fare": %.2f, "Cabin": null, "Embarked": "S"}',
    id, id % 3 + 1, id % 2 == 0 and "Mr." or "Mrs.", id, id % 2 == 0 and "male" or "female", id % 80, id % 3, id % 2,
    300000 + id % 90000, 7 + id % 60
  )
  return wrk.format("POST", "/predict", { ["Content-Type"] = "application/json" }, body)
end
