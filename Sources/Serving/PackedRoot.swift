public import Domain
import Glibc

extension RuntimeArguments {
  /// The arguments with what the image holds that `--packed` names; as they are where it names none.
  ///
  /// What is given beside `--packed` counts before what the image says. Throws `image.nothing-packed` where there is no
  /// bundle or no trusted key, and `image.unreadable` where that cannot be seen: what cannot be read is not passed over.
  public func unpacked() throws(Problem) -> RuntimeArguments {
    guard let packed else { return self }
    let root = packed.hasSuffix("/") ? String(packed.dropLast()) : packed
    var arguments = self
    let bundles = "\(root)/\(ImagePlaces.bundles)"
    for name in try Self.names(in: bundles) {
      arguments.bundles += try Self.names(in: "\(bundles)/\(name)").map { "\(bundles)/\(name)/\($0)" }
    }
    let trust = "\(root)/\(ImagePlaces.trust)"
    arguments.trusted = try Self.names(in: trust).map { "\(trust)/\($0)" }
    guard !arguments.bundles.isEmpty, !arguments.trusted.isEmpty else {
      throw Problem(
        .integrity, "image.nothing-packed",
        "expected bundles in '\(ImagePlaces.bundles)' and keys in '\(ImagePlaces.trust)', found"
          + " \(arguments.bundles.count) and \(arguments.trusted.count)", subject: packed,
        hint: "name the root of an image that 'gatehouse image build' made")
    }
    if keys == nil { arguments.keys = try Self.callers(of: root) }
    let brought = "\(root)/\(ImagePlaces.brought)"
    // Looked for as long as the process runs: it may come later.
    if revocations == nil, try Self.isThere(brought) {
      arguments.revocations = RevocationFile(path: "\(brought)/\(ImagePlaces.revocations)", isRequired: false)
    }
    let records = "\(root)/\(ImagePlaces.records)"
    // A directory of its own in what was mounted: that belongs to somebody else, or to everybody.
    if spool == nil, try Self.isThere(records) { arguments.spool = "\(records)/records" }
    if listener == nil { arguments.listener = .address("0.0.0.0:\(ImagePlaces.port)") }
    if admin == nil {
      arguments.admin = .address("0.0.0.0:\(ImagePlaces.adminPort)")
      // All may reach it there, and what is under way is not for all.
      arguments.tellsRequests = false
    }
    return arguments
  }

  /// The file of callers' keys: where somebody brought a place for one, that and no other.
  ///
  /// Were those of the image taken where the brought ones cannot be read, keys that were revoked by bringing others would
  /// open again.
  private static func callers(of root: String) throws(Problem) -> String? {
    let brought = "\(root)/\(ImagePlaces.brought)/keys.jsonl"
    if try isThere("\(root)/\(ImagePlaces.brought)") {
      // Orchestrators bring files as links into a directory that they exchange.
      guard let path = unsafe realpath(brought, nil) else {
        throw .system(
          .unavailable, "image.unreadable", "looking for the callers' keys that were brought",
          subject: brought)
      }
      defer { unsafe free(path) }
      return unsafe String(cString: path)
    }
    let own = "\(root)/\(ImagePlaces.callers)"
    return try isThere(own) ? own : nil
  }

  private static func isThere(_ path: String) throws(Problem) -> Bool {
    if unsafe access(path, F_OK) == 0 { return true }
    guard errno == ENOENT else {
      throw .system(.unavailable, "image.unreadable", "looking at what the image holds", subject: path)
    }
    return false
  }

  /// The names in a directory, sorted.
  private static func names(in path: String) throws(Problem) -> [String] {
    guard let stream = unsafe opendir(path) else {
      if errno == ENOENT { return [] }
      throw .system(.unavailable, "image.unreadable", "listing what the image holds", subject: path)
    }
    defer { _ = unsafe closedir(stream) }
    var names: [String] = []
    errno = 0
    while let entry = unsafe readdir(stream) {
      let name = unsafe withUnsafePointer(to: &entry.pointee.d_name) { field in
        unsafe field.withMemoryRebound(to: CChar.self, capacity: Int(NAME_MAX) + 1) {
          unsafe String(cString: $0)
        }
      }
      if name != ".", name != ".." { names.append(name) }
    }
    guard errno == 0 else {
      throw .system(.unavailable, "image.unreadable", "listing what the image holds", subject: path)
    }
    return names.sorted()
  }
}
