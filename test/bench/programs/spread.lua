-- For wrk: each of its threads has a port of its own, from the environment's PORTS.
local ports, threads = {}, 0

for port in os.getenv("PORTS"):gmatch("%d+") do
  ports[#ports + 1] = port
end

function setup(thread)
  thread.addr = wrk.lookup("127.0.0.1", ports[threads % #ports + 1])[1]
  threads = threads + 1
end
