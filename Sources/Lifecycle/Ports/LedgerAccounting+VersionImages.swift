import Domain
import Encoding

// Images of versions as the details of an entry carry them; see `LedgerAccounting.swift`.

extension VersionImage {
  /// The image as a change.
  var change: JSON {
    [
      "change": "add-image", "name": .string(reference.name.description),
      "version": JSON(reference.version.value), "bundle": .string(bundle.description),
      "manifest": .string(manifest.description), "program": .string(program.description),
      "trusted": .array(trusted.map { .string($0) }), "tool": .string(tool),
      "at": .integer(packedAt.milliseconds),
    ]
  }

  /// Reads what `change` writes; nil where it is something else.
  init?(change members: ChangeMembers, at moment: Timestamp) {
    guard let name = members.name("name"), let version = members.version("version"),
      let bundle = members.digest("bundle"), let manifest = members.digest("manifest"),
      let program = members.digest("program"), let elements = members.json["trusted"]?.array,
      let tool = members.text("tool")
    else { return nil }
    let trusted = elements.compactMap(\.string)
    guard trusted.count == elements.count else { return nil }
    self.init(
      reference: VersionReference(name: name, version: version), bundle: bundle, manifest: manifest,
      program: program, trusted: trusted, tool: tool, packedAt: moment)
  }
}
