import Artifacts
import Domain

/// Keras's own archive since version 3: the configuration, what wrote it, and the weights in HDF5.
enum KerasArchive: ArchiveKind {
  static let name = "Keras"

  static func claims(_ archive: ZipArchive) -> Bool {
    archive.member(named: "config.json") != nil
      && archive.members.contains {
        $0.name == "metadata.json" || $0.name.hasPrefix("model.weights.") || $0.name.hasPrefix("assets/")
      }
  }

  static func inspect(_ archive: inout OpenArchive, in walk: inout InspectionWalk) -> Inspected {
    // Names may occur twice, which is a finding of its own; each is looked at.
    for member in archive.zip.members where member.name == "config.json" {
      guard let bytes = archive.bytes(of: member, in: &walk) else { continue }
      let place = archive.place(of: member)
      walk.report(KerasJudge.findings(ofText: bytes, in: place).findings)
    }
    return Inspected(name, .model)
  }
}
