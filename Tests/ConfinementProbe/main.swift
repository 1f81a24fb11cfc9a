import CConfinement
import CForbiddenActs
import Domain
import Glibc
import Serving

// confinement-probe LAYERS DIRECTORY [bind PORT | connect PORT …]
//
// Gives up what `LAYERS` says, and then tries one forbidden act after the other, each twice. Prints what holds, and for
// each act its name and the number of the error, 0 where it could be done. `DIRECTORY` has three: `readable`, `spool`,
// and `outside`.
//
// LAYERS: 'whole' as the data plane does, 'calls' for the filter of system calls alone, 'places' for Landlock alone,
// 'nothing'.

let arguments = CommandLine.arguments
let directory = arguments[2]
var ports: [(verb: String, port: UInt16)] = []
var allowed: [(verb: String, port: UInt16)] = []
for word in arguments.dropFirst(3) {
  // bind:PORT is tried, +bind:PORT is allowed and tried.
  let parts = word.drop { $0 == "+" }.split(separator: ":")
  let entry = (verb: String(parts[0]), port: UInt16(parts[1]) ?? 0)
  ports.append(entry)
  if word.hasPrefix("+") { allowed.append(entry) }
}

switch arguments[1] {
case "whole":
  var confinement = Confinement()
  if geteuid() == 0 { confinement.account = .unprivileged }
  confinement.readable = ["\(directory)/readable"]
  confinement.writable = ["\(directory)/spool"]
  confinement.boundPorts = allowed.filter { $0.verb == "bind" }.map(\.port)
  confinement.connectedPorts = allowed.filter { $0.verb == "connect" }.map(\.port)
  let held = try confinement.enter()
  print("holds", held.holds.joined(separator: ", "))
  for lack in held.lacks { print("lacks", lack) }
case "calls": print("calls", gatehouse_filter_calls(0))
case "places":
  var places: [gatehouse_place] = []
  for (name, isWritable) in [("readable", 0), ("spool", 1)] {
    let descriptor = unsafe open("\(directory)/\(name)", O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    places.append(gatehouse_place(descriptor: descriptor, is_writable: CInt(isWritable)))
  }
  _ = gatehouse_gain_no_privileges()
  print("places", unsafe gatehouse_enter_landlock(places, places.count, [], 0, [], 0))
default: break
}

if ports.isEmpty {
  var index: CInt = 0
  while let name = unsafe gatehouse_act_name(index) {
    let code = unsafe gatehouse_try_act(index, directory)
    unsafe print(String(cString: name), code)
    index += 1
  }
  // What is refused again is counted, and not said again.
  _ = gatehouse_try_socket(AF_UNIX, CInt(SOCK_STREAM.rawValue), 0)
  print("refused", Confinement.refusedCalls)
} else {
  for entry in ports {
    print(
      "\(entry.verb):\(entry.port)", gatehouse_try_port(CInt(entry.port), entry.verb == "connect" ? 1 : 0))
  }
  print("udp", gatehouse_try_socket(AF_INET, CInt(SOCK_DGRAM.rawValue), 0))
  print("multipath", gatehouse_try_socket(AF_INET, CInt(SOCK_STREAM.rawValue), 262))
}
exit(0)
