public import Domain
import Encoding
public import Packaging

/// An OCI image layout as a directory (image-spec 1.1, `image-layout.md`), which `skopeo`, `umoci` and `podman` read.
public struct DirectoryImageLayout: Sendable {
  /// The annotation by which an index names an image.
  private static let referenceName = "org.opencontainers.image.ref.name"
  private static let version = Array(#"{"imageLayoutVersion":"1.0.0"}"#.utf8)
  private static let mode: UInt32 = 0o644

  private let path: String
  /// Its blobs.
  public let blobs: FileBlobStore

  /// Opens the layout in a directory, or begins one where there is none.
  ///
  /// Throws `image.not-a-layout` where something else is there.
  public init(path: String) throws(Problem) {
    self.path = path
    let disk = Disk()
    try disk.createDirectory(path, mode: 0o755)
    let entries = try DirectoryListing.entries(of: path).map(\.name)
    if !entries.isEmpty, !entries.contains("oci-layout") {
      throw Problem(
        .conflict, "image.not-a-layout", "expected an empty directory or an OCI image layout, found another",
        subject: path, hint: "name a directory that is not there yet")
    }
    blobs = try FileBlobStore(layout: "\(path)/blobs")
    try DurableFile.write(Self.version, to: "\(path)/oci-layout", mode: Self.mode)
  }

  /// Gives an image, whose blobs are all here, a name; another image of that name loses it.
  ///
  /// A crash before this returns leaves the former names, and blobs that nothing names.
  public func name(_ image: ServingImage, as name: String, architecture: String) throws(Problem) {
    let place = "\(path)/index.json"
    var manifests: [Descriptor] = []
    if let bytes = try DurableFile.read(place, limit: 4 << 20) {
      manifests = try ImageIndex(parsing: bytes).manifests
    }
    manifests.removeAll { $0.annotations[Self.referenceName] == name }
    var descriptor = image.manifest.descriptor
    descriptor.annotations = [Self.referenceName: name]
    descriptor.architecture = architecture
    manifests.append(descriptor)
    try DurableFile.write(ImageIndex(manifests: manifests).json.canonicalBytes, to: place, mode: Self.mode)
  }
}
