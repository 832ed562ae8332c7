-- How a resource of quay-robot-operator stands, in the words of Argo CD.
-- The same for all kinds; follows kstatus: Reconciling, then Stalled, then Ready.
local hs = { status = "Progressing", message = "The operator has not seen it yet" }

if obj.metadata.deletionTimestamp ~= nil then
  hs.message = "Being deleted"
end
if obj.status == nil or obj.status.conditions == nil then
  return hs
end

local seen = {}
for _, condition in ipairs(obj.status.conditions) do
  seen[condition.type] = condition
end
local ready = seen["Ready"]

local function tell(condition)
  local words = condition.message
  if (words == nil or words == "") and ready ~= nil then
    words = ready.message
  end
  if words == nil or words == "" then
    return condition.reason
  end
  return condition.reason .. ": " .. words
end

if obj.metadata.deletionTimestamp ~= nil then
  if ready ~= nil and ready.status == "False" then
    hs.message = tell(ready)
    -- Of what is being deleted Argo CD 3.6 shows these words alone; older ones show their own.
    hs.deletionMessage = hs.message
  end
  return hs
end
if obj.status.observedGeneration ~= obj.metadata.generation then
  hs.message = "The operator has not seen the last change yet"
  return hs
end
if seen["Reconciling"] ~= nil and seen["Reconciling"].status == "True" then
  hs.message = tell(seen["Reconciling"])
  return hs
end
if seen["Stalled"] ~= nil and seen["Stalled"].status == "True" then
  hs.status = "Degraded"
  hs.message = tell(seen["Stalled"])
  return hs
end
local spec = obj.spec or {}
if spec.template ~= nil and spec.template.spec ~= nil then
  spec = spec.template.spec
end
if spec.suspend == true and ready ~= nil then
  hs.status = "Suspended"
  hs.message = tell(ready)
  return hs
end
if ready ~= nil then
  hs.message = tell(ready)
  if ready.status == "True" then
    hs.status = "Healthy"
  end
end
return hs
