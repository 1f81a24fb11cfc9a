import Foundation
import Testing

@Suite struct LinkageTests {
  private static let listing = """
    \tlinux-vdso.so.1 (0x00007ffd)
    \tlibFoundationEssentials.so => /usr/lib/swift/linux/libFoundationEssentials.so (0x00007f)
    \tlibc.so.6 => /lib/x86_64-linux-gnu/libc.so.6 (0x00007f)
    \t/lib64/ld-linux-x86-64.so.2 (0x00007f)
    """

  @Test func `the listing of the dynamic loader is read`() {
    #expect(
      Linkage.libraries(inListing: Self.listing) == [
        "linux-vdso.so.1", "libFoundationEssentials.so", "libc.so.6", "ld-linux-x86-64.so.2",
      ])
  }

  @Test func `FoundationEssentials alone may be loaded`() {
    #expect(Linkage.forbiddenLibraries(inListing: Self.listing) == [])
  }

  @Test(arguments: [
    "libFoundation.so", "lib_FoundationICU.so", "libFoundationInternationalization.so", "libsqlite3.so.0",
  ])
  func `a library that must not be loaded is found`(library: String) {
    let listing = Self.listing + "\n\t\(library) => not found"
    #expect(Linkage.forbiddenLibraries(inListing: listing) == [library])
  }

  @Test func `the build directory is where the test bundle is`() {
    let arguments = ["/usr/libexec/helper", "--test-bundle-path", "/b/debug/xTests.xctest", "--parallel"]
    #expect(Linkage.buildDirectory(arguments: arguments)?.path() == "/b/debug/")
    #expect(Linkage.buildDirectory(arguments: ["/usr/libexec/helper"]) == nil)
  }
}
