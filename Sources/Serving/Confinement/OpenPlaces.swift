import CConfinement
import Domain
import Glibc
import NIOConcurrencyHelpers

/// The one door by which files are opened by their names: through directories that were opened before the process
/// gave up its rights, where the name lies in one of them.
///
/// Another user may not pass the directories above those, and need not: what is opened is looked for from there on.
/// As the working directory is, this is one for the whole process.
enum OpenPlaces {
  private struct Place: Sendable {
    let path: String
    let descriptor: CInt
    let isWritable: Bool
  }

  private static let places = NIOLockedValueBox<[Place]>([])

  /// Opens a directory for as long as the process lives; says whether it is there.
  @discardableResult
  static func keep(_ path: String, isWritable: Bool = false) -> Bool {
    let descriptor = retryingInterrupts { unsafe Glibc.open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC) }
    guard descriptor >= 0 else { return false }
    let place = Place(path: withoutEnd(path), descriptor: descriptor, isWritable: isWritable)
    places.withLockedValue { $0.append(place) }
    return true
  }

  /// As open(2): the descriptor, or -1 with `errno` set.
  static func open(_ path: String, _ flags: CInt, mode: mode_t = 0) -> CInt {
    let (directory, name) = find(path)
    return retryingInterrupts { unsafe openat(directory, name, flags, mode) }
  }

  /// As rename(2).
  static func rename(_ old: String, to new: String) -> CInt {
    let (from, to) = (find(old), find(new))
    return unsafe renameat(from.directory, from.name, to.directory, to.name)
  }

  /// The places as Landlock is to know them.
  static var rules: [gatehouse_place] {
    places.withLockedValue { places in
      places.map { gatehouse_place(descriptor: $0.descriptor, is_writable: $0.isWritable ? 1 : 0) }
    }
  }

  private static func find(_ path: String) -> (directory: CInt, name: String) {
    places.withLockedValue { places in
      for place in places where path.hasPrefix(place.path) {
        let rest = path.dropFirst(place.path.count)
        if rest.allSatisfy({ $0 == "/" }) { return (place.descriptor, ".") }
        if rest.hasPrefix("/") { return (place.descriptor, String(rest.drop { $0 == "/" })) }
      }
      return (AT_FDCWD, path)
    }
  }

  private static func withoutEnd(_ path: String) -> String {
    var path = path
    while path.count > 1, path.hasSuffix("/") { path.removeLast() }
    return path
  }
}
