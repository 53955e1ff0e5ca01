/**
 * Export of whole virtual machines as OVA: one tar with an OVF descriptor, a manifest and the disks as stream-optimized VMDK, as the Open
 * Virtualization Format specification 1.1 (DMTF DSP0243) describes it. Sections named in comments are those of that document.
 */
@NullMarked
package io.stillframe.image.ova;

import org.jspecify.annotations.NullMarked;
