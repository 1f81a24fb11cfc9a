public import Domain
import Encoding

/// Reads the documents of OCI: JSON of anybody, of a bounded size, of which only what is needed is looked at.
///
/// Members that are not known are left alone, as the image-spec asks (`considerations.md`, "Extensibility").
enum DocumentReader {
  /// The longest document: what the distribution-spec asks registries to take at least (`spec.md`, "Pushing Manifests").
  static let longest = 4 << 20

  static func json(_ bytes: some Collection<UInt8>, _ name: String) throws(Problem) -> JSON {
    guard bytes.count <= longest else {
      throw Problem(
        .tooLarge, "oci.too-large", "expected \(name) of at most \(longest) bytes, found \(bytes.count)")
    }
    do { return try JSON(parsing: bytes, limits: JSONLimits(depth: 16, values: 100_000)) } catch {
      throw malformed("\(error.description) of \(name)")
    }
  }

  static func malformed(_ message: String) -> Problem { Problem(.badInput, "oci.malformed", message) }

  /// The texts of an object of annotations.
  static func texts(_ json: JSON?, at place: String) throws(Problem) -> [String: String] {
    guard let json else { return [:] }
    guard let members = json.object else {
      throw malformed("expected an object at '\(place)', found \(json.kind)")
    }
    var texts: [String: String] = [:]
    for (name, value) in members {
      guard let text = value.string else {
        throw malformed("expected a string at '\(place)/\(name.prefix(80))', found \(value.kind)")
      }
      texts[name] = text
    }
    return texts
  }

  /// The descriptors of an array.
  static func descriptors(_ json: JSON?, at place: String) throws(Problem) -> [Descriptor] {
    guard let elements = json?.array else {
      throw malformed("expected an array at '\(place)', found \(json?.kind ?? "nothing")")
    }
    var descriptors: [Descriptor] = []
    for (number, element) in elements.enumerated() {
      descriptors.append(try Descriptor(element, at: "\(place)/\(number)"))
    }
    return descriptors
  }
}

extension Descriptor {
  /// Reads a descriptor that stands at a place of a document.
  ///
  /// Throws `oci.malformed`, or `oci.digest` where its digest is not a SHA-256: another cannot be checked.
  init(_ json: JSON, at place: String) throws(Problem) {
    func text(_ name: String) throws(Problem) -> String {
      guard let text = json[name]?.string else {
        throw DocumentReader.malformed(
          "expected a string at '\(place)/\(name)', found \(json[name]?.kind ?? "nothing")")
      }
      return text
    }
    let named = try text("digest")
    guard let digest = try? Digest(parsing: named) else {
      throw Problem(
        .badInput, "oci.digest",
        "expected 'sha256:' and 64 hexadecimal digits at '\(place)/digest', found '\(named.excerpt(80))'")
    }
    guard let size = json["size"]?.int, size >= 0 else {
      throw DocumentReader.malformed(
        "expected a number from 0 at '\(place)/size', found \(json["size"]?.kind ?? "nothing")")
    }
    self.init(
      mediaType: MediaType(rawValue: try text("mediaType")), digest: digest, size: size,
      annotations: try DocumentReader.texts(json["annotations"], at: "\(place)/annotations"),
      architecture: json["platform"]?["architecture"]?.string)
  }
}

extension ImageIndex {
  /// Reads the bytes of an index; throws `oci.too-large`, `oci.malformed` or `oci.digest`.
  public init(parsing bytes: some Collection<UInt8>) throws(Problem) {
    let json = try DocumentReader.json(bytes, "an image index")
    self.init(manifests: try DocumentReader.descriptors(json["manifests"], at: "/manifests"))
  }
}
