public import Domain
public import Encoding

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

  /// A digest; throws `oci.digest` where it is not a SHA-256: another cannot be checked.
  static func digest(_ json: JSON?, at place: String) throws(Problem) -> Digest {
    guard let text = json?.string else {
      throw malformed("expected a string at '\(place)', found \(json?.kind ?? "nothing")")
    }
    guard let digest = try? Digest(parsing: text) else {
      throw Problem(
        .badInput, "oci.digest",
        "expected 'sha256:' and 64 hexadecimal digits at '\(place)', found '\(text.excerpt(80))'")
    }
    return digest
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
  /// Throws `oci.malformed` or `oci.digest`.
  public init(_ json: JSON, at place: String) throws(Problem) {
    guard let mediaType = json["mediaType"]?.string else {
      throw DocumentReader.malformed(
        "expected a string at '\(place)/mediaType', found \(json["mediaType"]?.kind ?? "nothing")")
    }
    let digest = try DocumentReader.digest(json["digest"], at: "\(place)/digest")
    guard let size = json["size"]?.int, size >= 0 else {
      throw DocumentReader.malformed(
        "expected a number from 0 at '\(place)/size', found \(json["size"]?.kind ?? "nothing")")
    }
    self.init(
      mediaType: MediaType(rawValue: mediaType), digest: digest, size: size,
      annotations: try DocumentReader.texts(json["annotations"], at: "\(place)/annotations"),
      architecture: json["platform"]?["architecture"]?.string)
  }
}

extension ImageIndex {
  /// Reads the bytes of an index as it stands, with what others wrote there; throws `oci.too-large` or `oci.malformed`.
  public static func members(parsing bytes: some Collection<UInt8>) throws(Problem) -> (
    index: [String: JSON], manifests: [JSON]
  ) {
    let json = try DocumentReader.json(bytes, "an image index")
    guard let members = json.object, let manifests = members["manifests"]?.array else {
      throw DocumentReader.malformed("expected an object with an array at '/manifests', found another")
    }
    return (members, manifests)
  }

  /// Reads the bytes of an index; throws `oci.too-large`, `oci.malformed` or `oci.digest`.
  public init(parsing bytes: some Collection<UInt8>) throws(Problem) {
    let manifests = try Self.members(parsing: bytes).manifests
    self.init(manifests: try DocumentReader.descriptors(.array(manifests), at: "/manifests"))
  }
}
