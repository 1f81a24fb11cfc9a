import Access
import Documents
import Domain
import Encoding
import Gates
import YAML

/// Reads the input as a file of deployments; it has faults with a place, or what it says reads back from its record, and there is a next
/// step and a list of differences for it wherever a deployment stands.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzDeployments(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt {
  let bytes = unsafe Array(UnsafeBufferPointer(start: start, count: count))
  let reading = DesiredDeploymentsReading(bytes)
  precondition(reading.faults.count <= 100 && (reading.deployments == nil) == !reading.faults.isEmpty)
  for fault in reading.faults {
    precondition(fault.place.line >= 1 && fault.place.column >= 1)
    precondition(!fault.text(file: "f").utf8.contains { $0 < 0x20 && $0 != 0x0A })
  }
  for (name, desired) in reading.deployments ?? [:] {
    do throws(Problem) {
      let json = try? JSON(parsing: desired.json.canonicalBytes)
      let again = try DesiredDeployment(json: json ?? .null)
      precondition(again == desired, "what is desired reads as it is written")
      let record = DesiredRecord(
        desired, by: .platform, roles: [.operator], at: Timestamp(milliseconds: 7),
        excused: [.first: Timestamp(milliseconds: 5)])
      for present in states(of: name, named: desired.versions) {
        _ = record.next(from: present)
        _ = record.differences(from: present).map { $0.json.canonicalBytes }
      }
    } catch { preconditionFailure("what a file says is taken back: \(error.code)") }
  }
  return 0
}

/// A deployment of nothing, of what is named, and of that with a roll-out under way.
private func states(of name: ModelName, named versions: [VersionNumber]) -> [PresentDeployment] {
  var all = [PresentDeployment(name: name)]
  var present = PresentDeployment(name: name)
  for version in versions.prefix(20) + [.first] { present.versions[version] = .init() }
  all.append(present)
  present.live = versions.last ?? .first
  all.append(present)
  present.rollout = .init(version: .first, isHeld: true, words: "w")
  all.append(present)
  return all
}
