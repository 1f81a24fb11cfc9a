public import Domain
import Encoding
import Glibc
public import Packaging

/// An OCI image layout as a directory (image-spec 1.1, `image-layout.md`), which `skopeo`, `umoci` and `podman` read.
///
/// One that was opened to be written keeps other writers away until it goes.
public final class DirectoryImageLayout: Sendable {
  /// The annotation by which an index names an image.
  private static let referenceName = "org.opencontainers.image.ref.name"
  private static let versionFile = "oci-layout"
  private static let version = Array(#"{"imageLayoutVersion":"1.0.0"}"#.utf8)
  private static let mode: UInt32 = 0o644
  private static let indexLimit = 4 << 20

  private let path: String
  /// Its blobs.
  public let blobs: FileBlobStore
  /// Locked while it is written; nil where it is only read.
  private let directory: OpenFile?

  /// Opens the layout in a directory, or begins one where there is none.
  ///
  /// Throws `image.not-a-layout` where something else is there, and `image.layout-in-use` while another process writes it.
  public init(path: String) throws(Problem) {
    self.path = path
    let disk = Disk()
    try disk.createDirectory(path, mode: 0o755)
    let directory = OpenFile(descriptor: try OpenFile.descriptor(path, O_RDONLY | O_DIRECTORY), path: path)
    guard flock(directory.descriptor, LOCK_EX | LOCK_NB) == 0 else {
      throw Problem(
        .unavailable, "image.layout-in-use",
        "expected a layout that no other process writes, found that one does",
        subject: path, hint: "wait until it is done")
    }
    // What a crash has left half written.
    try disk.removeUnfinished(in: path)
    if let found = try DurableFile.read("\(path)/\(Self.versionFile)", limit: 1024) {
      guard (try? JSON(parsing: found))?["imageLayoutVersion"] == "1.0.0" else {
        throw Problem(
          .conflict, "image.not-a-layout", "expected an OCI image layout of version 1.0.0, found another",
          subject: path, hint: "name a directory that is not there yet")
      }
    } else {
      guard try DirectoryListing.entries(of: path).isEmpty else {
        throw Problem(
          .conflict, "image.not-a-layout",
          "expected an empty directory or an OCI image layout, found another",
          subject: path, hint: "name a directory that is not there yet")
      }
      // First: a directory with anything else in it and without this is nobody's to write to.
      try DurableFile.write(Self.version, to: "\(path)/\(Self.versionFile)", mode: Self.mode)
    }
    blobs = try FileBlobStore(layout: "\(path)/blobs")
    self.directory = consume directory
    _ = try entries()
  }

  /// Opens a layout to be read alone; changes nothing.
  public init(reading path: String) {
    self.path = path
    blobs = FileBlobStore(readingLayout: "\(path)/blobs")
    directory = nil
  }

  private var index: String { "\(path)/index.json" }

  /// The members of the index, and of those the images; nothing where there is no index yet.
  private func entries() throws(Problem) -> (index: [String: JSON], manifests: [JSON]) {
    guard let bytes = try DurableFile.read(index, limit: Self.indexLimit) else { return ([:], []) }
    return try ImageIndex.members(parsing: bytes)
  }

  /// The manifest of the image of a name; for nil, that of the only one.
  ///
  /// Throws `image.no-such-image`, `image.ambiguous`, or what the index is malformed in.
  public func image(named name: String?) throws(Problem) -> Descriptor {
    let manifests = try entries().manifests
    // What is about an image is none; those that are called something are found by that.
    let named = manifests.filter { name == nil ? !Self.isStatement($0) : Self.name(of: $0) == name }
    let known = manifests.compactMap(Self.name).prefix(20).joined(separator: ", ")
    guard let first = named.first else {
      throw Problem(
        .notFound, "image.no-such-image",
        "expected \(name.map { "the image '\($0)'" } ?? "an image") in the layout, found"
          + " \(known.isEmpty ? "none" : known)", subject: path)
    }
    let found = try Descriptor(first, at: "/manifests")
    guard named.allSatisfy({ $0["digest"]?.string == found.digest.description }) else {
      throw Problem(
        .badInput, "image.ambiguous", "expected one image in the layout, found \(named.count): \(known)",
        subject: path, hint: "name one of them")
    }
    return found
  }

  /// Every manifest that the index names, with its name there and what kind of statement it says it is; those whose
  /// digest is of a kind that cannot be checked are left out.
  public func manifests() throws(Problem) -> [LayoutEntry] {
    try entries().manifests.compactMap { entry in
      guard let manifest = try? Descriptor(entry, at: "/manifests") else { return nil }
      return LayoutEntry(
        manifest: manifest, name: Self.name(of: entry), artifactType: entry["artifactType"]?.string)
    }
  }

  /// Names an image and what is about it, all of whose blobs are here; another image of that name loses it.
  ///
  /// An image without a name, and a statement, stands in the index once. A crash before this returns leaves the former index.
  public func add(
    _ image: Descriptor, as name: ImageTag?, statements: [Referrer] = []
  ) throws(Problem) {
    var (members, manifests) = try entries()
    var entry = image
    entry.annotations = name.map { [Self.referenceName: $0.text] } ?? [:]
    let brought = [name == nil ? Referrer(image, artifactType: nil) : nil].compactMap(\.self) + statements
    let digests = Set(brought.map(\.manifest.digest.description))
    manifests.removeAll { known in
      guard let found = Self.name(of: known) else {
        return known["digest"]?.string.map(digests.contains) == true
      }
      return found == name?.text
    }
    manifests.append(entry.json)
    manifests += statements.map(\.json)
    for (name, value) in ImageIndex(manifests: []).json.object ?? [:] where members[name] == nil {
      members[name] = value
    }
    members["manifests"] = .array(manifests)
    try DurableFile.write(JSON.object(members).canonicalBytes, to: index, mode: Self.mode)
  }

  private static func name(of entry: JSON) -> String? { entry["annotations"]?[referenceName]?.string }

  private static func isStatement(_ entry: JSON) -> Bool {
    name(of: entry) == nil && entry["artifactType"]?.string != nil
  }
}

/// A manifest that the index of a layout names.
public struct LayoutEntry: Sendable {
  /// The manifest, with the words of the index about it.
  public let manifest: Descriptor
  /// What it is called; nil where it has no name.
  public let name: String?
  /// What kind of statement it is; nil for an image.
  public let artifactType: String?
}
