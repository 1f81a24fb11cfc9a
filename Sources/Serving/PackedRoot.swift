public import Domain
import Glibc

extension RuntimeArguments {
  /// The arguments with what the image holds that `--packed` names; as they are where it names none.
  ///
  /// What is given beside `--packed` counts before what the image says. Throws `image.nothing-packed` where there is no
  /// bundle or no trusted key.
  public func unpacked() throws(Problem) -> RuntimeArguments {
    guard let packed else { return self }
    let root = packed.hasSuffix("/") ? String(packed.dropLast()) : packed
    var arguments = self
    let bundles = "\(root)/\(ImagePlaces.bundles)"
    for name in Self.names(in: bundles) {
      arguments.bundles += Self.names(in: "\(bundles)/\(name)").map { "\(bundles)/\(name)/\($0)" }
    }
    let trust = "\(root)/\(ImagePlaces.trust)"
    arguments.trusted = Self.names(in: trust).map { "\(trust)/\($0)" }
    guard !arguments.bundles.isEmpty, !arguments.trusted.isEmpty else {
      throw Problem(
        .integrity, "image.nothing-packed",
        "expected bundles in '\(ImagePlaces.bundles)' and keys in '\(ImagePlaces.trust)', found"
          + " \(arguments.bundles.count) and \(arguments.trusted.count)", subject: packed,
        hint: "name the root of an image that 'gatehouse image build' made")
    }
    if keys == nil {
      arguments.keys = [ImagePlaces.broughtCallers, ImagePlaces.callers].map { "\(root)/\($0)" }
        .first { unsafe access($0, F_OK) == 0 }
    }
    let records = "\(root)/\(ImagePlaces.records)"
    if spool == nil, unsafe access(records, F_OK) == 0 { arguments.spool = records }
    if listener == nil { arguments.listener = .address("0.0.0.0:\(ImagePlaces.port)") }
    if admin == nil { arguments.admin = .address("0.0.0.0:\(ImagePlaces.adminPort)") }
    return arguments
  }

  /// The names in a directory, sorted; none where it is not there.
  private static func names(in path: String) -> [String] {
    guard let stream = unsafe opendir(path) else { return [] }
    defer { _ = unsafe closedir(stream) }
    var names: [String] = []
    while let entry = unsafe readdir(stream) {
      let name = unsafe withUnsafePointer(to: &entry.pointee.d_name) { field in
        unsafe field.withMemoryRebound(to: CChar.self, capacity: Int(NAME_MAX) + 1) {
          unsafe String(cString: $0)
        }
      }
      if !name.hasPrefix(".") { names.append(name) }
    }
    return names.sorted()
  }
}
