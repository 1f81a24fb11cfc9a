
"serve*2.21.0n
;
xPlaceholder*
dtype0*
shape:ÿÿÿÿÿÿÿÿÿ

yIdentityx

m
SqlDatasetxxx"Ğ