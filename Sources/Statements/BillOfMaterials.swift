import Domain
import Encoding
import Provenance

/// What something is made of, in CycloneDX 1.6 (ECMA-424): the same parts give the same bytes.
///
/// It has no time of its own making, and its serial number is computed from the rest of it, so that a rebuild gives it
/// again. References (`bom-ref`) come from what they refer to and stay the same from one bill to the next.
/// https://cyclonedx.org/docs/1.6/json/
struct BillOfMaterials {
  static let specification = "1.6"

  /// A part.
  struct Component {
    enum Kind: String {
      case application, framework, library, container, file, data
      case model = "machine-learning-model"
    }

    let kind: Kind
    /// How the rest of the bill refers to it.
    let reference: String
    let name: String
    var version: String?
    var packageURL: PackageURL?
    var digest: Digest?
    var description: String?
    var properties: [Property] = []
    /// What it was made from, which is no part of it.
    var ancestors: [Component] = []
    /// What it is put together from.
    var parts: [Component] = []
    var modelCard: JSON?
    var data: JSON?

    init(_ kind: Kind, _ reference: String, name: String) {
      self.kind = kind
      self.reference = reference
      self.name = name
    }

    var json: JSON {
      var members: [String: JSON] = [
        "type": .string(kind.rawValue), "bom-ref": .string(reference), "name": .string(name),
      ]
      if let version { members["version"] = .string(version) }
      if let packageURL { members["purl"] = .string(packageURL.description) }
      if let digest { members["hashes"] = [["alg": "SHA-256", "content": .string(digest.hexadecimal)]] }
      if let description { members["description"] = .string(description) }
      if !properties.isEmpty { members["properties"] = .array(properties.map(\.json)) }
      if !ancestors.isEmpty { members["pedigree"] = ["ancestors": .array(ancestors.map(\.json))] }
      if !parts.isEmpty { members["components"] = .array(parts.map(\.json)) }
      if let modelCard { members["modelCard"] = modelCard }
      if let data { members["data"] = data }
      return .object(members)
    }
  }

  /// Something to be known of a part; a name may stand more than once.
  struct Property: Hashable {
    let name: String
    let value: String

    init(_ name: String, _ value: String) {
      self.name = "gatehouse:\(name)"
      self.value = value
    }

    var json: JSON { ["name": .string(name), "value": .string(value)] }
  }

  /// What the bill is of, as JSON.
  let subject: JSON
  /// What made the bill, `gatehouse 0.1.0`.
  let tool: String
  /// The parts, as JSON; in the order of their references.
  let components: [JSON]
  /// What each part, by its reference, needs.
  let dependencies: [String: Set<String>]

  /// The bill as JSON.
  var json: JSON {
    var members: [String: JSON] = [
      "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json", "bomFormat": "CycloneDX",
      "specVersion": .string(Self.specification), "version": 1,
      "metadata": ["component": subject, "tools": ["components": [toolComponent]]],
      "components": .array(components),
      "dependencies": .array(
        dependencies.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }.map { reference, needed in
          [
            "ref": .string(reference),
            "dependsOn": .array(
              needed.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }.map { .string($0) }),
          ]
        }),
    ]
    members["serialNumber"] = .string(Self.serialNumber(of: JSON.object(members).canonicalBytes))
    return .object(members)
  }

  private var toolComponent: JSON {
    let words = tool.split(separator: " ", maxSplits: 1).map(String.init)
    var members: [String: JSON] = ["type": "application", "name": .string(words.first ?? tool)]
    if words.count > 1 { members["version"] = .string(words[1]) }
    return .object(members)
  }

  /// A UUID of version 8, made of a SHA-256 (RFC 9562 section 5.8 and appendix B.2).
  private static func serialNumber(of bytes: [UInt8]) -> String {
    var bytes = Array(Digest(of: bytes).bytes.prefix(16))
    bytes[6] = bytes[6] & 0x0F | 0x80
    bytes[8] = bytes[8] & 0x3F | 0x80
    let digits = Hexadecimal.encode(bytes)
    var text = "urn:uuid:"
    for (index, digit) in digits.enumerated() {
      if [8, 12, 16, 20].contains(index) { text += "-" }
      text.append(digit)
    }
    return text
  }
}
